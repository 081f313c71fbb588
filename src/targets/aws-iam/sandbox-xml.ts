import { randomUUID } from 'node:crypto';
import { XMLBuilder } from 'fast-xml-parser';

/** An error as IAM answers it: HTTP status, code, words. */
export class IamError extends Error {
  override readonly name = 'IamError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const builder = new XMLBuilder({ suppressEmptyNode: true });
const namespace = 'https://iam.amazonaws.com/doc/2010-05-08/';

/** `<GetUserResponse><GetUserResult>…`; a list in `result` becomes `<member>` elements. */
export function answerXml(action: string, result: Record<string, unknown>): string {
  const inner = Object.keys(result).length === 0 ? {} : { [`${action}Result`]: members(result) };
  return envelope(`${action}Response`, { ...inner, ResponseMetadata: { RequestId: randomUUID() } });
}

/** `<ErrorResponse><Error><Type>Sender</Type><Code>…`. */
export function errorXml(error: IamError): string {
  const Type = error.status < 500 ? 'Sender' : 'Receiver';
  return envelope('ErrorResponse', {
    Error: { Type, Code: error.code, Message: error.message },
    RequestId: randomUUID(),
  });
}

function envelope(name: string, content: Record<string, unknown>): string {
  const body: string = builder.build(content);
  return `<${name} xmlns="${namespace}">${body}</${name}>`;
}

function members(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? '' : { member: value.map(members) };
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, members(inner)]));
}
