import WebAPI

extension DocumentGlossary {
    static let files: [String: FieldNote] = [
        "documentId": "The number of the document.",
        "certificateId": "The certificate whose file it is; in a form, the one that gets another file.",
        "bookingId": "The laboratory booking.",
        "shareId": "The number of the share.",
        "filename": FieldNote("The name of the file.", example: "report.pdf"),
        "originalFilename": "The same as `filename`.",
        "downloadUrl": "The same document as a download.",
        "fileUrl": "The same as `url`.",
        "filePath": "The same as `url`.",
        "cloudinaryUrl": "The same as `url`.",
        "imageUrl": "The same as `url` for a profile image, otherwise `null`.",
        "size": "How many bytes the file has.",
        "fileSize": "The same as `size`.",
        "uploadDate": "When it was uploaded.",
        "contentType": FieldNote("What the file is, by its bytes.", example: "application/pdf"),
        "documentType": "What the document is about; in any case where it is asked for.",
    ]
}
