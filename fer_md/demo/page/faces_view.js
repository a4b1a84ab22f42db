// Shows a picture with its faces: their boxes in it, and bars of their probabilities beside it.

const LONGEST = 1280; // pixels of the longer side of what is shown

const percent = (share) => `${Math.round(100 * share)} %`;

// The faces in one line.
export function summary(faces) {
  if (!faces.length) return "No face was found.";
  const names = faces.map((face) => `${face.label} (${percent(face.probabilities[face.label])})`);
  return `${names.length === 1 ? "1 face" : `${names.length} faces`}: ${names.join(", ")}`;
}

export function draw(canvas, bitmap, faces) {
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const width = Math.round(bitmap.width * scale), height = Math.round(bitmap.height * scale);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const size = Math.max(14, width / 40, (14 * width) / canvas.clientWidth); // 14 pixels on a narrow screen too
  context.drawImage(bitmap, 0, 0, width, height);
  context.font = `${size}px system-ui, sans-serif`;
  context.textBaseline = "bottom";
  faces.forEach((face, number) => {
    const [x, y, across, down] = face.box.map((value) => value * scale);
    const text = `${number + 1} ${face.label}`, top = Math.max(y, size * 1.3);
    for (const [colour, wide] of [["#000", 2], ["#ffd400", 1]]) { // yellow on black is seen on all skin and ground
      context.strokeStyle = colour;
      context.lineWidth = wide * Math.max(2, width / 250);
      context.strokeRect(x, y, across, down);
    }
    context.fillStyle = "#ffd400";
    context.fillRect(x, top - size * 1.3, context.measureText(text).width + size / 2, size * 1.3);
    context.fillStyle = "#000";
    context.fillText(text, x + size / 4, top - size * 0.1);
  });
  canvas.setAttribute("aria-label", summary(faces));
}

// Items of a list, one for each face. Those that are there are written anew, so that a reader keeps its place.
export function list(items, faces) {
  while (items.children.length > faces.length) items.lastChild.remove();
  faces.forEach((face, number) => {
    if (items.children.length === number) items.append(item(Object.keys(face.probabilities)));
    const own = items.children[number];
    own.querySelector("h2").textContent = `Face ${number + 1}: ${face.label}`;
    own.querySelectorAll("tr").forEach((row) => {
      const share = face.probabilities[row.cells[0].textContent];
      row.querySelector("meter").value = share;
      row.cells[2].textContent = percent(share);
    });
  });
}

function item(expressions) {
  const table = document.createElement("table");
  for (const name of expressions) {
    const row = table.insertRow(), head = document.createElement("th"), meter = document.createElement("meter");
    head.scope = "row";
    head.textContent = name;
    meter.setAttribute("aria-label", name);
    row.append(head);
    row.insertCell().append(meter);
    row.insertCell();
  }
  const whole = document.createElement("li");
  whole.append(document.createElement("h2"), table);
  return whole;
}
