import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BoundedIterator } from '../src/index.ts'

const done = { done: true, value: undefined }
const value = (of: number) => ({ done: false, value: of })

function setUp(maxBuffered = 3) {
  const ends: string[] = []
  const overflow = new Error('iterator: overflow')
  const iterator = new BoundedIterator<number>({
    maxBuffered,
    overflow: () => overflow,
    onEnd: () => ends.push('ended'),
  })
  return { iterator, overflow, ends }
}

describe('BoundedIterator', () => {
  it('delivers in order what was pushed before and after the question', async () => {
    const { iterator } = setUp()
    iterator.push(1)
    iterator.push(2)
    const answers = [iterator.next(), iterator.next(), iterator.next(), iterator.next()]
    iterator.push(3)
    iterator.push(4)
    expect(await Promise.all(answers)).toEqual([value(1), value(2), value(3), value(4)])
  })

  it('is a for-await source, and leaving the loop ends it', async () => {
    const { iterator, ends } = setUp()
    iterator.push(1)
    iterator.push(2)
    for await (const one of iterator) {
      expect(one).toBe(1)
      break
    }
    expect(ends).toEqual(['ended'])
    expect(await iterator.next()).toEqual(done)
  })

  it('holds exactly maxBuffered values', async () => {
    const { iterator, ends } = setUp(2)
    iterator.push(1)
    iterator.push(2)
    expect(ends).toEqual([])
    expect(await iterator.next()).toEqual(value(1))
    iterator.push(3)
    expect(ends).toEqual([])
    expect(await iterator.next()).toEqual(value(2))
    expect(await iterator.next()).toEqual(value(3))
  })

  it('ends at one value more: delivers the buffered ones, then the error once, then is done', async () => {
    const { iterator, overflow, ends } = setUp(2)
    for (const one of [1, 2, 3, 4]) iterator.push(one)
    expect(ends).toEqual(['ended'])
    expect(await iterator.next()).toEqual(value(1))
    expect(await iterator.next()).toEqual(value(2))
    await expect(iterator.next()).rejects.toBe(overflow)
    expect(await iterator.next()).toEqual(done)
  })

  it('hands a value past the bound to one who waits', async () => {
    const { iterator, ends } = setUp(0)
    const asked = iterator.next()
    iterator.push(1)
    expect(await asked).toEqual(value(1))
    expect(ends).toEqual([])
  })

  it('ignores what is pushed after the end', async () => {
    const { iterator } = setUp()
    iterator.end()
    iterator.push(1)
    expect(await iterator.next()).toEqual(done)
  })
})

describe('BoundedIterator.end', () => {
  it('answers all who wait: the error to the first only, done to the others', async () => {
    const { iterator } = setUp()
    const waiting = [iterator.next(), iterator.next()]
    const error = new Error('session closed')
    iterator.end(error)
    const settled = await Promise.allSettled(waiting)
    expect(settled).toEqual([
      { status: 'rejected', reason: error },
      { status: 'fulfilled', value: done },
    ])
    expect(await iterator.next()).toEqual(done)
  })

  it('without an error answers all who wait with done', async () => {
    const { iterator } = setUp()
    const waiting = [iterator.next(), iterator.next()]
    iterator.end()
    expect(await Promise.all(waiting)).toEqual([done, done])
  })

  it('counts only the first time', async () => {
    const { iterator, ends } = setUp()
    iterator.end()
    iterator.end(new Error('too late'))
    await iterator.return()
    expect(ends).toEqual(['ended'])
    expect(await iterator.next()).toEqual(done)
  })
})

describe('BoundedIterator.return', () => {
  it('lets go of what is buffered', async () => {
    const { iterator, ends } = setUp()
    iterator.push(1)
    expect(await iterator.return()).toEqual(done)
    expect(await iterator.next()).toEqual(done)
    expect(ends).toEqual(['ended'])
  })

  it('lets go of an error that was not delivered yet', async () => {
    const { iterator } = setUp(1)
    iterator.push(1)
    iterator.push(2)
    await iterator.return()
    expect(await iterator.next()).toEqual(done)
  })

  it('answers those who still wait', async () => {
    const { iterator } = setUp()
    const asked = iterator.next()
    await iterator.return()
    expect(await asked).toEqual(done)
  })
})

it('BoundedIterator loses, repeats and reorders nothing, whatever the turns of push and next', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 80 }), async (turns) => {
      const { iterator } = setUp(turns.length)
      const answers: Promise<IteratorResult<number, undefined>>[] = []
      let pushed = 0
      for (const push of turns) {
        if (push) iterator.push((pushed += 1))
        else answers.push(iterator.next())
      }
      iterator.end()
      for await (const rest of iterator)
        answers.push(Promise.resolve(value(rest) as IteratorYieldResult<number>))
      const values = (await Promise.all(answers)).flatMap((answer) => (answer.done ? [] : [answer.value]))
      expect(values).toEqual(Array.from({ length: pushed }, (_, index) => index + 1))
    }),
  )
})
