/**
 * Options for a socket of Node. Node's constructor copies its options and adds those below if they are missing. In Node 20 each addition to such a
 * copy makes a hidden class that no other copy shares: four for every socket, and slow reads of all options after that (measured: 7 us a socket, and
 * a kilobyte in the old generation). It is a class and not an object literal for the reason given in ChunkQueue: Node keeps it while it connects.
 */
export class SocketOptions {
  readonly allowHalfOpen = true;
  readonly emitClose = false;
  readonly autoDestroy = true;
  readonly decodeStrings = false;
}
