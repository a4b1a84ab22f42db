"""Impostors among very many classes: each step looks through a part of them and remembers what the others gave."""

from typing import Any

import keras
import tensorflow as tf

from fer_md.losses._distances import distances_to_all, nearest_impostors
from fer_md.losses.margin import margin_of_units, sum_of_units

KEPT = 8
"""At least so many impostors a class are remembered: when the nearest has moved away, the next is often among them."""


class ImpostorSearch(keras.layers.Layer):
    """Remembers the nearest impostors of each class, and the sums of Eq. 7, part by part.

    Class j belongs to part ``j mod parts``. Step t looks through part ``t mod parts``: the impostors of the batch's
    classes are the nearest among those that are remembered, at their present distance, and this part. The first step
    looks through all parts for all classes. While the centers stand still, the remembered impostors are the nearest.
    Where they move, one may be found late: each batch that has a class looks through one part for it, in turn if
    batches come in random order. After the first step the cost is that of K / ``parts`` classes, in time and memory.

    Args:
        num_classes: K.
        embedding_dim: D.
        nearest: P, the impostors of a class; the first P that are remembered, the nearest first.
        parts: in [1, K].
    """

    def __init__(self, num_classes: int, embedding_dim: int, nearest: int, parts: int, **kwargs: Any) -> None:
        super().__init__(**{"autocast": False, **kwargs})
        self.num_classes, self.embedding_dim, self.nearest, self.parts = num_classes, embedding_dim, nearest, parts
        self.kept = min(max(nearest, KEPT), num_classes - 1)
        self.part_size = -(-num_classes // parts)

    def build(self) -> None:
        def memory(name, shape, dtype):
            return self.add_weight(
                name=name,
                shape=shape,
                dtype=dtype,
                initializer="zeros",
                trainable=False,
                autocast=False,
                aggregation="only_first_replica",
            )

        self.impostors = memory("impostors", (self.num_classes, self.kept), "int32")
        self.units = memory("units", (self.parts, self.embedding_dim + 1), "float32")
        self.steps = memory("steps", (), "int32")

    def call(self, labels: tf.Tensor, centers: tf.Variable) -> None:
        """Brings ``impostors_of`` these labels, and ``margin``, up to date.

        Args:
            labels: (B,) int32 in [0, K), of the global batch: all replicas remember the same.
            centers: (K, D) float32 variable; only the rows that are needed are read.
        """
        steps = tf.convert_to_tensor(self.steps)
        tf.cond(steps == 0, lambda: self._look_everywhere(centers), lambda: None)
        self._look_through_a_part(labels, centers, steps % self.parts)
        self.steps.assign(steps + 1)

    def impostors_of(self, labels: tf.Tensor) -> tf.Tensor:
        """The impostors that are remembered: (B,) to (B, P) int32."""
        return rows_of(self.impostors.value, labels)[:, : self.nearest]

    def margin(self) -> tf.Tensor:
        """lambda of Eq. 7 as it is remembered, a float32 scalar."""
        units = tf.reduce_sum(tf.convert_to_tensor(self.units), 0)
        return margin_of_units(units[:-1], units[-1])

    def forget(self) -> None:
        """The centers have changed places: the next step looks everywhere."""
        self.steps.assign(0)

    def _look_everywhere(self, centers):
        whole, classes = tf.convert_to_tensor(centers), self._part(tf.range(self.parts)[:, None])  # (parts, size)

        def look(part):
            return nearest_impostors(tf.minimum(part, self.num_classes - 1), whole, self.kept)

        found = tf.reshape(tf.map_fn(look, classes), [-1, self.kept])
        # Several numbers beyond the last class stand for it, with the same impostors.
        self._remember(tf.reshape(tf.minimum(classes, self.num_classes - 1), [-1]), found)
        units = tf.map_fn(lambda part: self._units(part, centers), classes, fn_output_signature=tf.float32)
        tf.raw_ops.AssignVariableOp(resource=self.units.value.handle, value=units)

    def _look_through_a_part(self, labels, centers, number):
        part = self._part(number)
        own, known = rows_of(centers, labels), rows_of(self.impostors.value, labels)  # (B, D), (B, kept)
        within = known % self.parts == number  # found anew, if it is still among the nearest
        known_distances = tf.reduce_sum(tf.square(own[:, None] - rows_of(centers, known)), 2)
        known_distances = tf.where(within, float("inf"), known_distances)
        distances = distances_to_all(own, rows_of(centers, tf.minimum(part, self.num_classes - 1)))  # (B, size)
        others = (part != labels[:, None]) & (part < self.num_classes)
        few = min(self.kept, self.part_size)
        negated, places = tf.math.top_k(tf.where(others, -distances, -float("inf")), few)
        candidates = tf.concat([known, tf.gather(part, places)], 1)
        best = tf.math.top_k(tf.concat([-known_distances, negated], 1), self.kept).indices
        # A class that is there twice has the impostors of its first sample: rounding may tell two apart.
        first = tf.argmax(labels[:, None] == labels, axis=1, output_type=tf.int32)
        self._remember(labels, tf.gather(tf.gather(candidates, best, batch_dims=1), first))
        units = self._units(part, centers)
        tf.raw_ops.ResourceScatterUpdate(resource=self.units.value.handle, indices=number, updates=units)

    def _part(self, number):
        """The classes of a part; numbers of K and more for none."""
        return number + self.parts * tf.range(self.part_size)

    def _units(self, part, centers):
        """(D + 1,): the sum of a part's centers of length 1, and how many of them have a direction."""
        exists = tf.cast(part < self.num_classes, tf.float32)
        units, count = sum_of_units(exists[:, None] * rows_of(centers, tf.minimum(part, self.num_classes - 1)))
        return tf.concat([units, count[None]], 0)

    def _remember(self, labels, impostors):
        tf.raw_ops.ResourceScatterUpdate(resource=self.impostors.value.handle, indices=labels, updates=impostors)


def rows_of(variable: tf.Variable, indices: tf.Tensor) -> tf.Tensor:
    """Rows of a variable without a copy of all of it, and without a gradient."""
    return tf.stop_gradient(tf.raw_ops.ResourceGather(resource=variable.handle, indices=indices, dtype=variable.dtype))
