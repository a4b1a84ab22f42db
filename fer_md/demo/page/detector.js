// YuNet searches and MTCNN's last network confirms, as fer_md.faces.yunet.YunetDetector does by default.

import { clipBox, cover, square, suppress } from "./boxes.js";
import { judge } from "./judge.js";
import { find, looksAt } from "./yunet.js";

const THRESHOLD = 0.8; // lowest score of a face
const TIGHT = 0.9; // side of the square that is looked at again, as a share of the box's longer side

// The faces {box, landmarks, score} of a picture, the highest score first.
export async function detect(networks, picture) {
  const looks = looksAt(picture), found = [];
  for (const look of looks) found.push(...(await find(networks.find, look, picture)));
  const squares = suppress(found, 0.5).map(({ box }) => square(box, TIGHT));
  const pictures = [picture, ...looks].sort((first, second) => second.width - first.width);
  const faces = await judge(networks.confirm, pictures, squares, THRESHOLD);
  return suppress(faces, 0.7, cover)
    .map((face) => ({ ...face, box: clipBox(face.box, picture) }))
    .filter((face) => face.box);
}
