import { Failure } from '../../model/failure.ts';
import { defineTarget } from '../target.ts';
import { type IssueType, JiraClient } from './client.ts';
import { type IssueKind, settingsSchema } from './settings.ts';
import { ticketsAbility } from './tickets.ts';

const wanted = ['BROWSE_PROJECTS', 'CREATE_ISSUES', 'TRANSITION_ISSUES', 'ADD_COMMENTS'] as const;

/** Jira Cloud: checklists as an issue with sub-tasks. */
export const definition = defineTarget({
  kind: 'jira',
  title: 'Jira',
  settings: settingsSchema,
  connect(settings, dependencies) {
    const client = new JiraClient(settings, dependencies);
    const checkProject = async (project: string, signal: AbortSignal): Promise<void> => {
      const missing = await client.missingPermissions(project, wanted, signal);
      if (missing.length > 0) {
        throw new Failure('refused', `Jira: our account lacks ${missing.join(', ')} in ${project}`, {
          advice: "Give Muster's account a role of the project that has them.",
        });
      }
      const types = await client.issueTypes(project, signal);
      const kinds = Object.entries(settings.kinds).filter(([, kind]) => kind.project === project);
      for (const [name, kind] of kinds) checkTypes(name, kind, types);
    };
    return {
      async check({ signal }) {
        const projects = [...new Set(Object.values(settings.kinds).map(({ project }) => project))];
        for (const project of projects) await checkProject(project, signal);
        return `Jira at ${new URL(settings.baseUrl).host}: issues of ${projects.join(', ')} can be made and closed`;
      },
      tickets: ticketsAbility(client, settings),
      close: () => client.close(),
    };
  },
});

function checkTypes(name: string, { project, issueType, subtaskType }: IssueKind, types: IssueType[]): void {
  for (const [setting, type, subtask] of [
    ['issueType', issueType, false],
    ['subtaskType', subtaskType, true],
  ] as const) {
    if (types.some((each) => each.subtask === subtask && (each.name === type || each.id === type))) continue;
    const there = types.filter((each) => each.subtask === subtask).map((each) => each.name);
    throw new Failure('misconfigured', `Jira: ${project} has no ${setting} "${type}" for the kind "${name}"`, {
      advice: there.length === 0 ? 'The project has none: add one to it.' : `It has ${there.join(', ')}.`,
    });
  }
}
