from fer_md.faces.detection import Detection, clip_box, main_face


def test_boxes_are_clipped():
    assert clip_box((-5, 10, 20, 30), (35, 100)) == (0, 10, 15, 25)
    assert clip_box((1, 2, 3, 4), (10, 10, 3)) == (1, 2, 3, 4)
    assert clip_box((100, 0, 20, 20), (50, 100)) is None
    assert clip_box((99.5, 0, 20, 20), (50, 100)) is None


def test_the_main_face_is_large_and_central():
    corner, middle, tiny = (Detection(box, 0.9) for box in ((0, 0, 30, 30), (40, 35, 25, 25), (48, 48, 4, 4)))
    assert main_face([corner, middle, tiny], (100, 100, 3)) is middle
    assert main_face([], (100, 100)) is None
