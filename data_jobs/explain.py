"""What verdicts, error codes and stages mean, in plain words for a report's readers."""

from collections.abc import Mapping

from maskray.records import Verdict

VERDICTS: Mapping[Verdict, str] = {
    Verdict.CLEAN: "Looked at completely; nothing to hide was found in the pixels. "
    "Header de-identified, stored values unchanged. Released.",
    Verdict.REDACTED: "Text was masked, and the result was read again and proven. "
    "Header de-identified. Released.",
    Verdict.REVIEW: "Something stayed unknown or unproven: a person must look. "
    "Not released.",
    Verdict.FAILED: "Could not be treated. Not released.",
}

STAGES: Mapping[str, str] = {
    "open": "read the file and its identifiers",
    "keyframes": "find the frames that show something new",
    "render": "make views of them",
    "gate": "look whether there is text at all",
    "read": "read the text",
    "detect": "tell what of it is PHI",
    "locate": "find where it stands",
    "plan": "decide which pixels to mask",
    "mask": "mask them",
    "header": "de-identify the header",
    "write": "encode and release",
    "verify": "open the result again and prove it",
}

CODES: Mapping[str, str] = {
    # the source
    "unreadable": "The file is broken, or could not be read.",
    "not_an_image": "Neither DICOM nor PNG nor JPEG.",
    "no_pixels": "A DICOM file without an image.",
    "too_large": "Larger than the limits in the settings allow.",
    "source_changed": "The file changed while it was being treated.",
    "folder_loop": "A folder that contains itself through a link.",
    "unreadable_folder": "The folder could not be listed.",
    "name_not_unicode": "The file's name cannot be written as text.",
    "not_a_file": "No regular file: a device, a pipe or the like.",
    "unreadable_archive": "The archive is broken.",
    "empty_archive": "The archive holds no files.",
    "nested_archive": "An archive inside an archive.",
    "archive_too_large": "The archive holds more files than the limits allow.",
    "archive_bomb": "An archive member that expands far beyond its size.",
    "encrypted": "The archive is encrypted.",
    # the pixels
    "unsupported_pixels": "This kind of pixel data is not supported.",
    "not_decodable": "A frame could not be decoded.",
    "not_encodable": "The result could not be encoded.",
    "frame_size": "A frame has another size than the header says.",
    "frames_missing": "There are fewer frames than the header says.",
    "photometric": "An unknown photometric interpretation or colour space.",
    "bad_palette": "The colour palette could not be used.",
    "bad_pixel_description": "The header describes the pixels wrongly or not at all.",
    "unknown_transfer_syntax": "Nobody says how the pixels are encoded.",
    "excess_pixels": "There is more pixel data than the header describes.",
    "excess_frames": "There are more frames than the header says.",
    "beyond_stored_bits": "A stored value has more bits than the header says.",
    "bit_depth": "A colour image with more than 8 bits per sample.",
    "animated": "An animated image.",
    "transparency": "An image with a transparent colour.",
    # detection
    "detection_failed": "A detector gave no usable answer.",
    "unusable_reply": "A model's reply was cut off, empty or malformed.",
    "cut_off_reply": "A model's reply was cut off before its end.",
    "empty_reply": "A model replied nothing.",
    "refused_reply": "A model refused to reply.",
    "full_reply": "A model's reply was as long as it may be: there may have been more.",
    "model_timeout": "A model did not reply in time.",
    "model_unreachable": "The service with the model did not answer.",
    "model_unavailable": "The service with the model was overloaded or broken.",
    "request_refused": "The model's engine or service refused the request.",
    "engine_died": "The model's engine died over a picture, each time it was shown.",
    "too_many_pictures": "More frames to show to a model than the settings allow.",
    "no_picture": "A frame could not be encoded for a model.",
    "unknown_text": "There is text that nobody could name; the policy wants a person.",
    "unlocated": "PHI was seen, but its place was not found.",
    # redaction and proof
    "redaction_failed": "The masking could not be carried out.",
    "empty_region": "A planned region lies outside the frame.",
    "not_verified": "The result could not be proven.",
    "text_left_over": "Text that had to go could still be read after masking.",
    "not_covered": "A masked region was not fully covered.",
    "outside_changed": "A value outside the masked regions changed.",
    "header_identifier": "The new header still held an identifier of the old one.",
    # the header
    "header_failed": "The header could not be de-identified.",
    "no_sop_instance": "The header names no instance.",
    "no_sop_class": "The header does not say what kind of object this is.",
    "no_transfer_syntax": "The header names no transfer syntax that is known.",
    "media_directory": "A directory of a medium, not an image.",
    "too_deep": "The header is nested too deep.",
    # evaluation
    "not_comparable": "The released file has other frames than the source.",
    # the machine
    "not_written": "The result could not be written.",
    "out_of_memory": "The machine had too little memory for it.",
    "worker_crashed": "It took the worker process down each time it was tried.",
    "internal": "A fault in maskray.",
    # released, with a note
    "duplicate_instance": "The same bytes came before: both share one released file.",
    "duplicate_sop_instance_uid": "Another source has the same UID but other content: "
    "released under a name of its own.",
}
"""Codes that manifests hold."""

_INTERNAL = "internal_"


def explain(code: str) -> str:
    """What an error code means."""
    if code.startswith(_INTERNAL):
        return "A fault in maskray; the rest of the code names the kind of error."
    return CODES.get(code, "No explanation is known to this version.")
