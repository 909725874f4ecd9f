/** Tells where Redis is. Throws when there is none, and says what to do. */
export function redisExecutable(): string
