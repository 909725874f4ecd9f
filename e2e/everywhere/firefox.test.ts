import { placesOf, testPlace } from '../lab/test-place.ts'

// Every scenario in every kind of place, over `ws:` and `wss:`, plain and with sessions that resume.
for (const place of placesOf('firefox')) testPlace(place)
