// The parts of this package register with tsyringe when they are loaded, and tsyringe needs reflect-metadata.
import "reflect-metadata";
export * from "@peculiar/x509";
