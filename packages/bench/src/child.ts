// What the bench's processes run: the first argument is the role.
import type { ServerKind } from './contender.ts'
import { attend } from './roles/client-role.ts'
import { leave } from './roles/leaver-role.ts'
import { measureParts } from './roles/parts-role.ts'
import { serve } from './roles/server-role.ts'

const [role, first = '', second] = process.argv.slice(2)

if (role === 'server') await serve(first as ServerKind, second === 'watchful')
else if (role === 'client') await attend(first)
else if (role === 'leaver') await leave(first)
else if (role === 'parts') measureParts()
else throw new Error(`role: server, client, leaver or parts is needed, received ${role}`)
process.send?.({ id: 0 })
