import { targetSuite } from '../target-suite.ts';
import { suite } from './tenant.ts';

targetSuite(suite);
