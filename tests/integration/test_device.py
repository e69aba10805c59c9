"""What the commands say of the device that networks run on."""

from fixtures.installation import Box
from visitord.models.device import CPU


def test_a_box_told_to_use_a_gpu_it_has_not_warns_once_and_works(box: Box) -> None:
    text = (box.folder / "config.toml").read_text()
    box.configure(text.replace("[models]", '[models]\ndevice = "cuda:0"'))
    done = box.run("visitord", "models", "verify")
    assert done.code == 0
    assert (
        done.err.count("CUDAExecutionProvider is") + done.err.count("has no CUDAExecutionProvider")
        == 1
    ), done.err
    assert len(done.err.strip().splitlines()) == 1, done.err
    done = box.run("visitord", "models", "switch", "opencv-zoo")
    assert len(done.err.strip().splitlines()) == 1, "of two packs opened"
    found = box.run("visitorctl", "doctor")
    assert "device         wrong" in found.out.replace("│", "")
    assert "pip install 'visitord[gpu]'" in found.out


def test_doctor_says_what_runs(box: Box) -> None:
    done = box.run("visitorctl", "doctor")
    runs = f"detector on onnxruntime ({CPU}), recogniser on OpenVINO (CPU)"
    assert f"models.device is auto: {runs}; the installed onnxruntime" in done.out
