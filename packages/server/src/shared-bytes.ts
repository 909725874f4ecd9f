/** Copies that nobody changes any more. */
const shared = new WeakSet<Uint8Array>()

/** Copies bytes once, for many who keep them: each of them keeps this very copy. It must not be changed. */
export function shareBytes(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  const bytes =
    data instanceof ArrayBuffer
      ? new Uint8Array(data.slice(0))
      : new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
  shared.add(bytes)
  return bytes
}

/** Tells whether bytes came from `shareBytes`, and need not be copied to be kept. */
export function isShared(bytes: unknown): bytes is Uint8Array {
  return bytes instanceof Uint8Array && shared.has(bytes)
}
