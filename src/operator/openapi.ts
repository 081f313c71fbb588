import { z } from 'zod';
import { noBody, type Route } from './route.ts';
import { problemShape } from './shapes.ts';

type Json = Record<string, unknown>;

/** The API's description, made of the routes that are served, so that it cannot say anything else. */
export function openApi(routes: readonly Route[]): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Muster',
      version: '1',
      description: 'People, events and exceptions, behind the tokens of the operators that muster.yaml names.',
    },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: schemaOf(problemShape, 'output') },
    },
  };
}

function operation({ summary, roles, starts, path, query, body, answer }: Route): Json {
  const parameters = [
    ...pathParameters(path),
    ...queryParameters(query),
    ...(starts === true ? [{ name: 'idempotency-key', in: 'header', schema: { type: 'string' } }] : []),
  ];
  return {
    summary,
    ...(roles === undefined ? {} : { description: `Takes the role ${roles.join(' or ')}.` }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === noBody ? {} : { requestBody: { required: true, content: json(schemaOf(body, 'input')) } }),
    responses: {
      ...(starts === true
        ? {
            202: {
              description: 'Taken; what comes of it is told by the event',
              content: json(schemaOf(answer, 'output')),
            },
          }
        : {}),
      200: {
        description: starts === true ? 'Taken before' : 'As asked',
        content: json(schemaOf(answer, 'output')),
      },
      default: {
        description: 'Problem details (RFC 9457)',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

const json = (schema: Json): Json => ({ 'application/json': { schema } });

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

const objectSchema = z.object({ properties: z.record(z.string(), z.looseObject({})).default({}) });

function queryParameters(query: z.ZodType): Json[] {
  const { properties } = objectSchema.parse(schemaOf(query, 'input'));
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema }));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  // What JSON Schema cannot say (a date that exists, an id only once) is left out of it and checked all the same.
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
