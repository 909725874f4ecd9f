// What is searched, as a plain list: the model as it is, then with one mistake each.

/**
 * @typedef {object} Search
 * @property {string} name as on the command line and in the table
 * @property {string} what one line for people
 * @property {string} [mistake] the switch of `handshake.pml` that plants it
 * @property {'holds' | 'fails'} expected
 * @property {{ attempts: number, messages: number }} size
 */

/** Mistakes show on two messages each way, and fast: the search goes breadth first and ends at the shortest way to fail. */
const small = { attempts: 3, messages: 2 }

function mistake(name, what) {
  return { name, what, mistake: name.toUpperCase().replaceAll('-', '_'), expected: 'fails', size: small }
}

/** @returns {readonly Search[]} */
export function searches(size) {
  return [
    { name: 'handshake', what: 'the protocol as it is, every state', expected: 'holds', size },
    mistake('no-fence', 'frames of the old connection still count after a resume'),
    mistake('no-attempt-order', 'a late HELLO of an abandoned attempt is let in'),
    mistake('previous-is-last-issued', 'the predecessor is the token issued before, not the one presented'),
    mistake('no-grace', 'the predecessor is dead at once, not when its successor is confirmed'),
    mistake('shown-early', 'the application hears of a session at WELCOME, not at its confirmation'),
    mistake('unconfirmed-dropped', 'a session that was not confirmed ends with its connection'),
    {
      name: 'witness',
      what: 'no mistake: both ends send again, and all arrives',
      mistake: 'WITNESS',
      expected: 'fails',
      size,
    },
  ]
}
