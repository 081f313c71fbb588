/** A row of a table; a field may lie behind a relation: `Profile.Name`. */
export type Row = Record<string, unknown>;

/** A query that cannot be read or names what is not there; `errorCode` is Salesforce's own. */
export class SoqlError extends Error {
  readonly errorCode: string;

  constructor(errorCode: string, message: string) {
    super(message);
    this.errorCode = errorCode;
  }
}

type Test = (row: Row) => boolean;

/** The part of SOQL that the stand-in answers: SELECT fields FROM object [WHERE =, IN, AND, OR, brackets] [LIMIT n]. */
export function runSoql(soql: string, tables: Readonly<Record<string, readonly Row[]>>, columns: Columns): Row[] {
  const tokens = tokenise(soql);
  const parser = new Parser(tokens);
  parser.expect('SELECT');
  const fields = [parser.word()];
  while (parser.taken(',')) fields.push(parser.word());
  parser.expect('FROM');
  const table = parser.word();
  const known = columns[table];
  if (known === undefined) throw new SoqlError('INVALID_TYPE', `sObject type '${table}' is not supported.`);
  const check = (field: string) => {
    if (known.includes(field)) return field;
    throw new SoqlError('INVALID_FIELD', `No such column '${field}' on entity '${table}'.`);
  };
  for (const field of fields) check(field);
  const matches = parser.taken('WHERE') ? parser.condition(check) : () => true;
  const limit = parser.taken('LIMIT') ? Number(parser.word()) : Number.POSITIVE_INFINITY;
  parser.end();
  return (tables[table] ?? [])
    .filter(matches)
    .slice(0, limit)
    .map((row) => pick(row, fields));
}

/** The fields of each object that the stand-in knows. */
export type Columns = Readonly<Record<string, readonly string[]>>;

interface Token {
  kind: 'word' | 'string' | 'mark';
  text: string;
}

function tokenise(soql: string): Token[] {
  const tokens: Token[] = [];
  const pattern = /\s*(?:([\w.]+)|'((?:[^'\\]|\\.)*)'|([(),=]))/y;
  let at = 0;
  const text = soql.trimEnd();
  while (at < text.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) throw new SoqlError('MALFORMED_QUERY', `unexpected token: '${text.slice(at, at + 1)}'`);
    if (match[1] !== undefined) tokens.push({ kind: 'word', text: match[1] });
    else if (match[2] !== undefined) tokens.push({ kind: 'string', text: match[2].replace(/\\(.)/g, '$1') });
    else tokens.push({ kind: 'mark', text: match[3] ?? '' });
    at = pattern.lastIndex;
  }
  return tokens;
}

class Parser {
  readonly #tokens: Token[];
  #at = 0;

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  taken(text: string): boolean {
    const token = this.#tokens[this.#at];
    if (token === undefined || token.kind === 'string' || token.text.toUpperCase() !== text) return false;
    this.#at += 1;
    return true;
  }

  expect(text: string): void {
    if (!this.taken(text)) throw this.#unexpected();
  }

  word(): string {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word') throw this.#unexpected();
    this.#at += 1;
    return token.text;
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw this.#unexpected();
  }

  /** Salesforce wants brackets where AND and OR meet, and refuses a query without them. */
  condition(check: (field: string) => string): Test {
    const tests = [this.#test(check)];
    const and = this.taken('AND');
    if (!and && !this.taken('OR')) return (row) => tests.every((test) => test(row));
    do tests.push(this.#test(check));
    while (this.taken(and ? 'AND' : 'OR'));
    return (row) => (and ? tests.every((test) => test(row)) : tests.some((test) => test(row)));
  }

  #test(check: (field: string) => string): Test {
    if (this.taken('(')) {
      const inner = this.condition(check);
      this.expect(')');
      return inner;
    }
    const field = check(this.word());
    if (this.taken('=')) {
      const wanted = this.#value();
      return (row) => same(row[field], wanted);
    }
    this.expect('IN');
    this.expect('(');
    const wanted = [this.#value()];
    while (this.taken(',')) wanted.push(this.#value());
    this.expect(')');
    return (row) => wanted.some((one) => same(row[field], one));
  }

  #value(): unknown {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    if (token?.kind === 'string') return token.text;
    if (token?.text === 'true' || token?.text === 'false') return token.text === 'true';
    if (token?.text === 'null') return null;
    throw this.#unexpected();
  }

  #unexpected(): SoqlError {
    return new SoqlError('MALFORMED_QUERY', `unexpected token: '${this.#tokens[this.#at]?.text ?? '<EOF>'}'`);
  }
}

/** Text is compared without regard to case, as Salesforce does. */
function same(held: unknown, wanted: unknown): boolean {
  if (typeof held === 'string' && typeof wanted === 'string') return held.toLowerCase() === wanted.toLowerCase();
  return (held ?? null) === wanted;
}

/** `Profile.Name` comes back as `{ Profile: { Name } }`. */
function pick(row: Row, fields: readonly string[]): Row {
  const picked: Row = {};
  for (const field of fields) {
    const [relation, name] = field.split('.');
    if (relation === undefined || name === undefined) picked[field] = row[field] ?? null;
    else picked[relation] = { ...asRow(picked[relation]), [name]: row[field] ?? null };
  }
  return picked;
}

const asRow = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});
