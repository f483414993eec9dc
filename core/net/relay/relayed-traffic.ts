/** The traffic of one direction of a relay. */
export class RelayedTraffic {
  bytes = 0;
  chunks = 0;
  sentBytes = 0;
  sentChunks = 0;

  came({ length }: Buffer): void {
    this.bytes += length;
    this.chunks += 1;
  }

  went({ length }: Buffer): void {
    this.sentBytes += length;
    this.sentChunks += 1;
  }
}
