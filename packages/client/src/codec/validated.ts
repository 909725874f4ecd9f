import { assertMethods, assertOneOf, must } from '../bounds.ts'
import { andThen, type Check, type Codec, layered, type ListCodec } from './codec.ts'
import { CodecError } from './codec-error.ts'
import type { StandardIssue, StandardSchema } from './standard-schema.ts'

/** The schemas of both directions. One that is left out lets everything through. */
export interface Schemas {
  /** For values that are sent. What it makes of a value is what is encoded. */
  readonly outgoing?: StandardSchema | undefined
  /** For values that arrive. What it makes of a value is what handlers get. */
  readonly incoming?: StandardSchema | undefined
}

/** What a schema takes; without one, what the codec takes. */
export type InputOf<Schema, Otherwise> =
  Schema extends StandardSchema<infer Input, unknown> ? Input : Otherwise

/** What a schema gives; without one, what the codec gives. */
export type OutputOf<Schema, Otherwise> =
  Schema extends StandardSchema<unknown, infer Output> ? Output : Otherwise

/** What a value did not meet: the cause of an error of the phase `schema`. */
export interface SchemaFailure {
  readonly issues: readonly StandardIssue[]
}

/**
 * Checks values of both directions with schemas of any library that follows Standard Schema; their types become the types of
 * the view. A value that does not meet its schema is not sent, or not delivered: an error of the phase `schema`, whose
 * `cause` has the `issues`. Order stays with schemas that answer with promises.
 *
 * @throws TypeError when a schema follows no Standard Schema of version 1
 * @example
 * const view = coded(session, validated(json(), { incoming: z.object({ price: z.number() }) }))
 */
export function validated<Out, In, const Both extends Schemas>(
  codec: ListCodec<Out, In>,
  schemas: Both,
): ListCodec<InputOf<Both['outgoing'], Out>, OutputOf<Both['incoming'], In>>
export function validated<Out, In, const Both extends Schemas>(
  codec: Codec<Out, In>,
  schemas: Both,
): Codec<InputOf<Both['outgoing'], Out>, OutputOf<Both['incoming'], In>>
export function validated<Out, In>(codec: Codec<Out, In>, schemas: Schemas): Codec<Out, In> {
  assertMethods('validated.codec', codec, ['encode', 'decode'])
  for (const name of Object.keys(schemas)) {
    assertOneOf(`unknown option validated.${name}`, name, ['outgoing', 'incoming'], TypeError)
  }
  const { check } = codec
  const outgoing = checkOf('validated.outgoing', schemas.outgoing)
  const incoming = checkOf('validated.incoming', schemas.incoming)
  const both: Check = {
    // The outermost schema is the first for what goes out, and the last for what comes in.
    outgoing: check ? (value) => andThen(outgoing(value), check.outgoing) : outgoing,
    incoming: check ? (value) => andThen(check.incoming(value), incoming) : incoming,
  }
  return layered(codec, { check: both })
}

const same = (value: unknown): unknown => value

function checkOf(name: string, schema: StandardSchema | undefined): (value: unknown) => unknown {
  if (schema === undefined) return same
  const standard = (schema as Partial<StandardSchema> | null)?.['~standard']
  const usable = standard?.version === 1 && typeof standard.validate === 'function'
  must(usable, TypeError, name, 'a schema that follows Standard Schema 1', schema)
  return (value) =>
    andThen(standard.validate(value), (result) => {
      if (!result.issues) return result.value
      throw new CodecError('invalid-value', 'schema', `${name}: ${wordsOf(result.issues)}`, {
        issues: result.issues,
      } satisfies SchemaFailure)
    })
}

/** Says the first thing that is wrong, and how many more there are. */
function wordsOf(issues: readonly StandardIssue[]): string {
  const [first, ...more] = issues
  const path = first?.path?.map((step) => String(typeof step === 'object' ? step.key : step)).join('.')
  return `${path ? `${path}: ` : ''}${first?.message ?? 'refused'}${more.length > 0 ? `, and ${more.length} more` : ''}`
}
