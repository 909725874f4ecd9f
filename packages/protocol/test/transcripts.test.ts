import { describe, expect, test } from 'vitest'
import transcripts from '../vectors/transcripts.json' with { type: 'json' }
import { play } from './transcript.ts'

describe('transcripts', () => {
  test.each(transcripts.cases)('$name', ({ name, lines }) => {
    const { options } = transcripts
    expect(play({ name, options, lines })).toEqual(lines)
  })
})
