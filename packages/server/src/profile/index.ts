// For those who have to find out what a running server is busy with.
export { type ProfileOptions, profileRoute } from './profile-route.ts'
