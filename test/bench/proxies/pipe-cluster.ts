// What two processes of Node cost by themselves: pipe, twice, by Node's cluster. node pipe-cluster.js LISTEN UPSTREAM
import cluster from "node:cluster";

if (cluster.isPrimary) for (let count = 0; count < 2; count += 1) cluster.fork();
else await import("./pipe.ts");
