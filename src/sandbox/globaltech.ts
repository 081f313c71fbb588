import { z } from 'zod';
import imported from '../../examples/globaltech/people.json' with { type: 'json' };
import type { SeedPerson } from './stand-in.ts';

const person = z.strictObject({
  source: z.literal('workday'),
  workerId: z.string(),
  firstName: z.string(),
  lastName: z.string(),
  email: z.string().regex(/^[\w.-]+@globaltech\.example$/),
  department: z.enum(['Engineering', 'Sales', 'Finance', 'People']),
  jobTitle: z.string(),
  location: z.enum(['New York', 'Berlin']),
  workerType: z.enum(['employee', 'contractor', 'service', 'breakGlass']),
  managerId: z.string().exactOptional(),
  startDate: z.string(),
  endDate: z.string().exactOptional(),
  privileged: z.boolean().exactOptional(),
  protection: z.enum(['service', 'breakGlass']).exactOptional(),
});

/** A person as `POST /api/people` and examples/globaltech/people.json have them. */
export type ImportedPerson = z.infer<typeof person>;

/** GlobalTech's people as they are imported: one file for the import and for the stand-ins. */
export const globalTechImport: ImportedPerson[] = z.strictObject({ people: z.array(person) }).parse(imported).people;

/**
 * The same people with the accounts that they have, as policy.yaml's rules give them. Sarah Chen (GT-48291) is a solutions
 * engineer, who shows customers everything: an account in every target and a vault user, but no admin account.
 */
export const globalTechPeople: SeedPerson[] = globalTechImport.map(seed);

function seed(imported: ImportedPerson): SeedPerson {
  const { workerId, firstName, lastName, email, department, jobTitle, location, workerType } = imported;
  return {
    workerId,
    firstName,
    lastName,
    email,
    login: email.slice(0, email.indexOf('@')),
    department,
    jobTitle,
    location,
    workerType,
    ...(imported.managerId === undefined ? {} : { managerId: imported.managerId }),
    privileged: imported.privileged === true,
    targets: accountsOf(imported),
  };
}

function accountsOf({ department, jobTitle, workerType, privileged }: ImportedPerson): string[] {
  if (workerType === 'service') return ['active-directory', 'aws-iam'];
  if (workerType === 'breakGlass') return ['active-directory', 'aws-iam', 'cyberark'];
  const solutions = jobTitle.endsWith('Solutions Engineer');
  const has = {
    'active-directory': true,
    'aws-iam': department === 'Engineering',
    cyberark: privileged === true || solutions,
    'entra-id': true,
    github: department === 'Engineering',
    salesforce: department === 'Sales' || department === 'Finance' || solutions,
  };
  return Object.entries(has).flatMap(([target, yes]) => (yes ? [target] : []));
}
