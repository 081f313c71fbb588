import { targetSuite } from '../target-suite.ts';
import { suite } from './portal.ts';

targetSuite(suite);
