// How much of everything a measurement does.
export type BenchOptions = { rounds: number; samples: number; agents: number };
