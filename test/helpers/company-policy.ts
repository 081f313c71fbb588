import { parsePolicy } from '../../src/policy/load.ts';

const policyText = `
version: 1
zones: { default: America/New_York, byLocation: { New York: America/New_York, Berlin: Europe/Berlin } }
rules:
  - { id: everybody, why: everybody logs on, when: 'person.workerType in ["employee", "contractor"]', give: [{ target: ad, entitlements: [staff] }] }
  - { id: sales, why: Sales sells, when: 'person.department == "Sales"', give: [{ target: crm, entitlements: [seller] }, { target: ad, entitlements: [sales] }] }
  - { id: support, why: Support helps, when: 'person.department == "Support"', give: [{ target: ad, entitlements: [support] }] }
hires:
  preHire: [{ target: portal, entitlements: [onboarding] }]
  ahead: [ad]
names: { domain: globaltech.example }
moves: { grace: 7d }
contractEnds:
  reminders: [30d, 7d, 1d]
  tell: [{ id: contract-ends, target: crm, to: manager, title: 'Contract of {{person.id}} ends {{date}}', text: 'On {{date}}.' }]
transitions:
  leaver:
    later:
      - { id: delete, after: 2d, do: deleteAccounts, targets: [ad] }
      - { id: licences, after: 10d, do: removeLicences, targets: [ad] }
  involuntary:
    messages: [{ id: ahead, target: crm, channel: '#security', title: 'To prepare', text: 'SECRET {{person.id}} {{date}}' }]
exceptions: { owner: identity-operations }
`;

/** GlobalTech's policy in small: a directory, a CRM and an onboarding portal. */
export const companyPolicy = parsePolicy(policyText);
