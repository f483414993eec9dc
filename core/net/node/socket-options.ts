/**
 * Options for a socket of Node's. Node's constructor copies what it is given and adds these to the copy where they are not there; and
 * in Node 20 an addition to such a copy makes a hidden class that no other copy shares, so four of them for every socket, and slow reads of
 * all options after that (measured: 7 us a socket, and a kilobyte in the old generation). A class and no object literal, for the
 * reason given in ChunkQueue: Node keeps it while it connects.
 */
export class SocketOptions {
  readonly allowHalfOpen = true;
  readonly emitClose = false;
  readonly autoDestroy = true;
  readonly decodeStrings = false;
}
