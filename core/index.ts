import "reflect-metadata";

export * from "./contract/index.ts";
