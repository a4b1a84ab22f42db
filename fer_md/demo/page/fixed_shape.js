// Gives a network of LiteRT inputs of one size. Its runtime in the browser takes no others: a side that varies is -1 in
// the file, a flatbuffer in which each tensor has its shape twice.

const GRAPHS = 2, TENSORS = 0, INPUTS = 1, OUTPUTS = 2; // places of the fields of a model and of its graph
const SHAPES = [0, 7]; // of a tensor: the shape now, and the one with the sides that vary

// Writes the shapes of the only input and the only output into a file; `view` is a DataView of it.
export function fixShapes(view, input, output) {
  const follow = (at) => at + view.getUint32(at, true);
  const field = (table, number) => {
    const fields = table - view.getInt32(table, true), size = view.getUint16(fields, true);
    const step = 4 + 2 * number < size ? view.getUint16(fields + 4 + 2 * number, true) : 0;
    return step && follow(table + step); // 0 where the field is not there
  };
  const entry = (list, number) => list + 4 + 4 * number;
  const graph = follow(entry(field(follow(0), GRAPHS), 0));
  for (const [ends, shape] of [[INPUTS, input], [OUTPUTS, output]]) {
    const tensor = follow(entry(field(graph, TENSORS), view.getInt32(entry(field(graph, ends), 0), true)));
    for (const list of SHAPES.map((number) => field(tensor, number)).filter(Boolean)) {
      if (view.getUint32(list, true) !== shape.length) throw new Error(`the network has no sides ${shape}`);
      shape.forEach((side, number) => view.setInt32(entry(list, number), side, true));
    }
  }
}
