import { describe, expect, it } from 'vitest'
import { type FinalStatus, ReceiptEntry } from '../src/index.ts'

const finals: readonly FinalStatus[] = [
  'written',
  'acked',
  'rejected',
  'dropped',
  'expired',
  'undelivered',
  'uncertain',
]

describe('ReceiptEntry', () => {
  it('begins queued, without an error', () => {
    const receipt = new ReceiptEntry()
    expect(receipt.status).toBe('queued')
    expect(receipt.error).toBeUndefined()
  })

  it.each(finals)('ends as %s, also for one who asks later', async (status) => {
    const receipt = new ReceiptEntry()
    const asked = receipt.settled
    receipt.settle(status)
    expect(receipt.status).toBe(status)
    expect(await asked).toBe(status)
    const late = new ReceiptEntry()
    late.settle(status)
    expect(await late.settled).toBe(status)
  })

  it('shows written on the way to another end', async () => {
    const receipt = new ReceiptEntry<'acked' | 'uncertain'>()
    receipt.written()
    expect(receipt.status).toBe('written')
    receipt.settle('acked')
    expect(await receipt.settled).toBe('acked')
  })

  it('keeps its first end', async () => {
    const receipt = new ReceiptEntry()
    receipt.settle('expired')
    receipt.settle('rejected', new Error('too late'))
    receipt.written()
    expect(receipt.status).toBe('expired')
    expect(receipt.error).toBeUndefined()
    expect(await receipt.settled).toBe('expired')
  })

  it('says why it was rejected, and does not reject', async () => {
    const receipt = new ReceiptEntry()
    const error = new Error('queue: full')
    receipt.settle('rejected', error)
    expect(receipt.error).toBe(error)
    expect(await receipt.settled).toBe('rejected')
  })

  it('gives the same promise at every look', async () => {
    const receipt = new ReceiptEntry()
    const first = receipt.settled
    expect(receipt.settled).toBe(first)
    receipt.settle('dropped')
    expect(receipt.settled).toBe(first)
    await first
  })

  it('is not a promise itself, so that awaiting a send does not wait', () => {
    expect('then' in new ReceiptEntry()).toBe(false)
  })
})
