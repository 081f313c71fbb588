import { createTransport } from 'nodemailer';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { Failure } from '../../model/failure.ts';
import type { TargetDependencies } from '../target.ts';
import { failureOf } from './failure.ts';
import type { Mail } from './mail.ts';
import type { Settings } from './settings.ts';

/** A mail server, over a new connection for each mail: secrets are read at each use, and an abort ends the one call. */
export class SmtpClient {
  readonly #settings: Settings;
  readonly #secret: TargetDependencies['secret'];

  constructor(settings: Settings, { secret }: TargetDependencies) {
    this.#settings = settings;
    this.#secret = secret;
  }

  /** Sends a mail. One recipient that is refused is a failure, though the others have it. */
  async send(mail: Mail, signal: AbortSignal): Promise<void> {
    const auth = await this.#auth();
    const transport = createTransport({
      ...(await this.#options()),
      ...(auth === undefined ? {} : { auth }),
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    try {
      const { accepted, rejected, rejectedErrors } = await transport.sendMail({ ...mail, signal });
      if (rejected.length === 0) return;
      const { code, message } = failureOf('send', rejectedErrors?.[0], false);
      throw new Failure(code, `${message}, for ${rejected.length} of ${accepted.length + rejected.length} recipients`, {
        advice: 'The others have the mail, and get it again with each try: take the address out of the list.',
      });
    } catch (error) {
      throw failureOf('send', error, signal.aborted);
    } finally {
      transport.close();
    }
  }

  /** Connects, logs on and leaves. */
  async logOn(signal: AbortSignal): Promise<void> {
    const auth = await this.#auth();
    const connection = new SMTPConnection(await this.#options());
    const end = () => connection.close();
    try {
      await new Promise<void>((resolve, reject) => {
        connection.once('error', reject);
        connection.once('end', () => reject(new Error('the connection was closed')));
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        signal.throwIfAborted();
        connection.connect((error) => {
          if (error) return reject(error);
          if (auth === undefined) return resolve();
          if (!connection.allowsAuth) {
            return reject(
              new Failure('misconfigured', 'E-mail: the server asks nobody to log on', {
                advice: 'Take "login" out of the settings, or use the port for submission (587 or 465).',
              }),
            );
          }
          connection.login({ ...auth, credentials: auth }, (refused) => (refused ? reject(refused) : resolve()));
        });
      });
      connection.quit();
    } catch (error) {
      end();
      throw failureOf('log on', error, signal.aborted);
    }
  }

  async #auth(): Promise<{ user: string; pass: string } | undefined> {
    const { login } = this.#settings;
    return login === undefined ? undefined : { user: login.username, pass: await this.#secret(login.password) };
  }

  async #options() {
    const { host, port, tls, ca, timeoutMs } = this.#settings;
    const authority = ca === undefined || ca.startsWith('-----BEGIN') ? ca : await this.#secret(ca);
    return {
      host,
      port,
      secure: tls === 'implicit',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'none',
      dnsTimeout: timeoutMs,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      // A server may examine a mail before it says yes; giving up too early would send it twice.
      socketTimeout: 3 * timeoutMs,
      socketCloseTimeout: 1_000,
      logger: false,
      tls: { minVersion: 'TLSv1.2' as const, ...(authority === undefined ? {} : { ca: authority }) },
    };
  }
}
