/** An empty list, one for all: nobody adds to it. What has nothing yet costs nothing then. */
export const none: never[] = []
