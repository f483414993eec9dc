/** Called with messages for the user: a CA was made, was made again, or has a key that others may read. */
export type Notify = (message: string) => void;
