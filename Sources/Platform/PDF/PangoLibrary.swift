import Foundation

/// pango and cairo, opened when the first document is made: an idle server never holds them in memory. Their functions are
/// found by name and their types are opaque here, so compiling needs neither (Documentation/decisions/0035-pdf.md).
struct PangoLibrary: Sendable {
    typealias Pointer = OpaquePointer
    typealias Context = UnsafeMutableRawPointer
    /// x, y, width and height in pango's units.
    typealias Rectangle = UnsafeMutablePointer<Int32>
    typealias Writer = @convention(c) (Context?, UnsafePointer<UInt8>?, UInt32) -> Int32
    typealias Reader = @convention(c) (Context?, UnsafeMutablePointer<UInt8>?, UInt32) -> Int32

    // The addresses of functions, which stay where they are for the life of the process. Of cairo:
    let createSurface: @convention(c) (Writer, Context?, Double, Double) -> Pointer?
    let setMetadata: @convention(c) (Pointer, Int32, UnsafePointer<CChar>) -> Void
    let finishSurface: @convention(c) (Pointer) -> Void
    let destroySurface: @convention(c) (Pointer) -> Void
    let surfaceStatus: @convention(c) (Pointer) -> Int32
    let create: @convention(c) (Pointer) -> Pointer?
    let destroy: @convention(c) (Pointer) -> Void
    let status: @convention(c) (Pointer) -> Int32
    let showPage: @convention(c) (Pointer) -> Void
    let beginTag: @convention(c) (Pointer, UnsafePointer<CChar>, UnsafePointer<CChar>) -> Void
    let endTag: @convention(c) (Pointer, UnsafePointer<CChar>) -> Void
    let moveTo: @convention(c) (Pointer, Double, Double) -> Void
    let lineTo: @convention(c) (Pointer, Double, Double) -> Void
    let setLineWidth: @convention(c) (Pointer, Double) -> Void
    let stroke: @convention(c) (Pointer) -> Void
    let rectangle: @convention(c) (Pointer, Double, Double, Double, Double) -> Void
    let fill: @convention(c) (Pointer) -> Void
    let setColor: @convention(c) (Pointer, Double, Double, Double) -> Void
    let save: @convention(c) (Pointer) -> Void
    let restore: @convention(c) (Pointer) -> Void
    let translate: @convention(c) (Pointer, Double, Double) -> Void
    let scale: @convention(c) (Pointer, Double, Double) -> Void
    let setSource: @convention(c) (Pointer, Pointer, Double, Double) -> Void
    let source: @convention(c) (Pointer) -> Pointer?
    let setFilter: @convention(c) (Pointer, Int32) -> Void
    let paint: @convention(c) (Pointer) -> Void
    let readImage: @convention(c) (Reader, Context?) -> Pointer?
    let imageWidth: @convention(c) (Pointer) -> Int32
    let imageHeight: @convention(c) (Pointer) -> Int32
    // Of pango:
    let createLayout: @convention(c) (Pointer) -> Pointer?
    let releaseObject: @convention(c) (Pointer) -> Void
    let parseFont: @convention(c) (UnsafePointer<CChar>) -> Pointer?
    let freeFont: @convention(c) (Pointer) -> Void
    let setFont: @convention(c) (Pointer, Pointer) -> Void
    let setWidth: @convention(c) (Pointer, Int32) -> Void
    let setWrap: @convention(c) (Pointer, Int32) -> Void
    let setAlignment: @convention(c) (Pointer, Int32) -> Void
    let setText: @convention(c) (Pointer, UnsafePointer<CChar>, Int32) -> Void
    let unknownGlyphs: @convention(c) (Pointer) -> Int32
    let lines: @convention(c) (Pointer) -> Pointer?
    let freeLines: @convention(c) (Pointer) -> Void
    let nextLine: @convention(c) (Pointer) -> Int32
    let line: @convention(c) (Pointer) -> Pointer?
    let lineExtents: @convention(c) (Pointer, Rectangle?, Rectangle?) -> Void
    let baseline: @convention(c) (Pointer) -> Int32
    let showLine: @convention(c) (Pointer, Pointer) -> Void

    /// `nil` when the library (Debian's `libpangocairo-1.0-0`) is not installed.
    static let shared = PangoLibrary()

    private struct Missing: Error {}

    private init?() {
        // Whatever it depends on is found through it.
        guard let library = dlopen("libpangocairo-1.0.so.0", RTLD_NOW | RTLD_LOCAL) else { return nil }
        func find<Function>(_ name: String) throws -> Function {
            guard let address = dlsym(library, name) else { throw Missing() }
            return unsafeBitCast(address, to: Function.self)
        }
        do {
            createSurface = try find("cairo_pdf_surface_create_for_stream")
            setMetadata = try find("cairo_pdf_surface_set_metadata")
            finishSurface = try find("cairo_surface_finish")
            destroySurface = try find("cairo_surface_destroy")
            surfaceStatus = try find("cairo_surface_status")
            create = try find("cairo_create")
            destroy = try find("cairo_destroy")
            status = try find("cairo_status")
            showPage = try find("cairo_show_page")
            beginTag = try find("cairo_tag_begin")
            endTag = try find("cairo_tag_end")
            moveTo = try find("cairo_move_to")
            lineTo = try find("cairo_line_to")
            setLineWidth = try find("cairo_set_line_width")
            stroke = try find("cairo_stroke")
            rectangle = try find("cairo_rectangle")
            fill = try find("cairo_fill")
            setColor = try find("cairo_set_source_rgb")
            save = try find("cairo_save")
            restore = try find("cairo_restore")
            translate = try find("cairo_translate")
            scale = try find("cairo_scale")
            setSource = try find("cairo_set_source_surface")
            source = try find("cairo_get_source")
            setFilter = try find("cairo_pattern_set_filter")
            paint = try find("cairo_paint")
            readImage = try find("cairo_image_surface_create_from_png_stream")
            imageWidth = try find("cairo_image_surface_get_width")
            imageHeight = try find("cairo_image_surface_get_height")
            createLayout = try find("pango_cairo_create_layout")
            releaseObject = try find("g_object_unref")
            parseFont = try find("pango_font_description_from_string")
            freeFont = try find("pango_font_description_free")
            setFont = try find("pango_layout_set_font_description")
            setWidth = try find("pango_layout_set_width")
            setWrap = try find("pango_layout_set_wrap")
            setAlignment = try find("pango_layout_set_alignment")
            setText = try find("pango_layout_set_text")
            unknownGlyphs = try find("pango_layout_get_unknown_glyphs_count")
            lines = try find("pango_layout_get_iter")
            freeLines = try find("pango_layout_iter_free")
            nextLine = try find("pango_layout_iter_next_line")
            line = try find("pango_layout_iter_get_line_readonly")
            lineExtents = try find("pango_layout_iter_get_line_extents")
            baseline = try find("pango_layout_iter_get_baseline")
            showLine = try find("pango_cairo_show_layout_line")
        } catch {
            return nil
        }
    }
}
