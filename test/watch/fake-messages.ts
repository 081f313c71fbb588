import type { ConnectedTarget } from '../../src/targets/connect.ts';
import type { CallContext, MessageRequest } from '../../src/targets/target.ts';

/** A target that takes messages: keeps them, each correlation id once, and misbehaves on demand. */
export class FakeMessages {
  readonly sent: MessageRequest[] = [];
  calls = 0;
  misbehave: (message: MessageRequest, context: CallContext) => Promise<void> | void = () => undefined;

  connected(name: string, title: string): ConnectedTarget {
    return {
      ...{ name, title, entry: { kind: 'fake', mode: 'enforce', concurrency: 20, settings: {} } },
      target: {
        check: async () => 'fine',
        messages: {
          send: async (message, context) => {
            this.calls += 1;
            await this.misbehave(message, context);
            const { correlationId, to } = message;
            const known = this.sent.some(
              (each) => each.correlationId === correlationId && JSON.stringify(each.to) === JSON.stringify(to),
            );
            if (known) return 'already';
            this.sent.push(message);
            return 'changed';
          },
        },
      },
    };
  }

  /** Each message's place and title. */
  get lines(): string[] {
    return this.sent.map(({ to, title }) => `${'channel' in to ? to.channel : to.email}: ${title}`);
  }
}
