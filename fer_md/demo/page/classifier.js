// The probabilities of a face's expressions, as fer_md.pretrained.lite has them.

// softmax(log p + shift), which corrects for what the network learned too often.
export async function classify(network, face, size, shift) {
  const answer = await network.call(face, [1, size, size, 1], [1, shift.length]);
  return softmax(shift.map((more, index) => Math.log(answer[index] + 1e-12) + more));
}

function softmax(logits) {
  const most = Math.max(...logits), powers = logits.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((first, second) => first + second);
  return powers.map((power) => power / sum);
}
