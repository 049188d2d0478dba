// Import cycles: each group of files that reach each other, found once (Tarjan's strongly connected components).

export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, { index: number; low: number; onStack: boolean }>();
  const stack: string[] = [];
  const cycles: string[][] = [];

  const visit = (file: string) => {
    const me = { index: order.size, low: order.size, onStack: true };
    order.set(file, me);
    stack.push(file);
    for (const next of graph.get(file) ?? []) {
      const seen = order.get(next);
      if (seen === undefined) me.low = Math.min(me.low, visit(next));
      else if (seen.onStack) me.low = Math.min(me.low, seen.index);
    }
    if (me.low === me.index) {
      const group = stack.splice(stack.indexOf(file));
      for (const member of group) {
        const state = order.get(member);
        if (state !== undefined) state.onStack = false;
      }
      if (group.length > 1 || (graph.get(file) ?? []).includes(file)) cycles.push(group);
    }
    return me.low;
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return cycles;
}
