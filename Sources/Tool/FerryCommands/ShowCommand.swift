import Architectures
import FormatInterface
import IR
import Images
import Parity
import Runtime
import Tensors

/// Pictures of a network's filters and activations.
struct ShowCommand: Command {
    static let name = "show"
    static let abstract = "Make a picture of a layer's filters or activations"
    static let usage = [
        "MODEL -o FILE.png [--filters LAYER] [--scale each|all] [--zoom N]",
        "MODEL -o FILE.png --activations PICTURE [--layer NAME] [--scale each|all]",
    ]
    static let options: [CommandOption] =
        [
            .value("output", "FILE", letter: "o", help: "the PNG file to write"),
            .value("filters", "LAYER", help: "a convolution (default: the first)"),
            .value("activations", "PICTURE", help: "what a layer answers to this picture"),
            .value("layer", "NAME", help: "the layer or value (default: the first convolution)"),
            .value(
                "scale", "each|all",
                help: "from black to white: each filter or map, or all (default: each)"),
            .value("zoom", "N", help: "pixels a side of each element (default: to fill a page)"),
            .value(
                "preprocess", "NAME", help: "how pictures are prepared (default: as trained)"),
            .value(
                "exif", "ignore|apply", help: "what to do with turned pictures (default: ignore)"),
            .flag("force", help: "replace FILE when it exists"),
        ] + TensorNaming.options
    static let discussion = """
        Filters that read a colour picture are tiles of its colours, turned to red, green,
        blue where the recipe says blue comes first; all others are grey, one row for each
        output and one column for each input it reads, or, where it reads one, tile after
        tile. Maps are grey, in the order of their channels, after the layer itself: name
        the activation behind it to see what goes on. Black is the least number and white
        the largest, of each filter or map or of all; what is no number is magenta.
        """
    static let example = """
        ferry show alexnet.pth -o conv1.png
        ferry show vgg16.onnx -o filters.png --filters features.2 --scale all
        ferry show lenet5.onnx -o maps.png --activations digit.png --layer relu1
        """

    private let model: String
    private let output: String
    private let filters: String?
    private let picture: String?
    private let layer: String?
    private let scale: LayerTiles.Scale
    private let zoom: Int?
    private let preprocess: Preprocessing?
    private let exif: EXIFHandling
    private let force: Bool
    private let naming: TensorNaming
    private let global: GlobalOptions

    init(parsing arguments: ParsedArguments, global: GlobalOptions) throws(UsageError) {
        model = try arguments.exactly("MODEL")[0]
        guard let output = arguments.value("output"), !output.isEmpty else {
            throw UsageError("expected -o FILE, found nothing")
        }
        self.output = output
        filters = arguments.value("filters")
        picture = arguments.value("activations")
        layer = arguments.value("layer")
        try arguments.refuseTogether("filters", "activations")
        try arguments.require("activations", with: "layer")
        if picture == "" { throw UsageError("--activations: expected a file name, found ''") }
        scale = try arguments.choice("scale", of: LayerTiles.Scale.self) ?? .each
        zoom = try arguments.integer("zoom", in: 1...64)
        preprocess = try arguments.choice("preprocess", of: Preprocessing.self)
        exif = try arguments.choice("exif", of: EXIFHandling.self) ?? .ignore
        force = arguments.has("force")
        naming = try TensorNaming(arguments)
        self.global = global
    }

    func run(on console: Console) throws -> ExitStatus {
        try refuseExisting(output, unless: force)
        for source in [model, picture].compactMap(\.self) { try refuse(output, replacing: source) }
        let activity = console.activity("reading \(model)")
        defer { activity.finish() }
        let file = try ModelFile(path: model, global, naming)
        for note in file.model.notes { console.note("note: \(note)") }
        let drawing =
            try picture.map { picture in
                try drawActivations(of: file.complete(), picture, console)
            } ?? drawFilters(of: file)
        activity.enter("drawing \(drawing.layer)")
        let (report, png) = try LayerPicture.made(
            of: drawing, in: file, as: output, scale: scale, zoom: zoom)
        try OutputFile.write(to: output, replacing: force) { try $0.write(png) }
        activity.finish()
        if global.json {
            try console.printJSON(report)
        } else {
            try console.print(report.text(coloured: console.colours))
        }
        return .done
    }

    private func drawFilters(of file: ModelFile) throws -> LayerPicture.Drawing {
        let convolution = try file.convolution(named: filters)
        let kernel = convolution.kernel
        let tiles: LayerTiles
        var colors = "grey"
        if convolution.readsColors {
            let recipe = preprocess ?? file.usualRecipe.flatMap { Preprocessing(rawValue: $0) }
            let isBGR = recipe?.isBlueFirst ?? false
            colors = isBGR ? "blue first, turned" : "red first"
            tiles = LayerTiles(kernel, .colors(isBGR: isBGR))
        } else if kernel.shape[1] == 1 {
            tiles = LayerTiles(kernel.reshaped([kernel.shape[0]] + kernel.shape[2...]), .sequence)
        } else {
            tiles = LayerTiles(kernel, .matrix)
        }
        return .init(
            layer: convolution.name, shape: kernel.shape, tiles: tiles, colors: colors)
    }

    private func drawActivations(
        of file: ModelFile, _ picture: String, _ console: Console
    ) throws -> LayerPicture.Drawing {
        let (layer, value) = try file.layerOutput(named: layer)
        let input = try file.pictureInput()
        let recipe = try file.recipe(preprocess)
        console.note("preprocess: \(recipe.rawValue)")
        let tensor = try file.tensor(of: picture, by: recipe, exif: exif, for: input.shape, console)
            .converted(to: file.model.graph.inputs[0].elementType)
        let engine = try Engine(global)
        let values = try engine.activations(
            of: file, inputs: [input.name: tensor], names: [value], in: engine.arithmetic)
        guard let maps = values[value], maps.elementCount > 0,
            maps.rank == 2 || maps.rank == 4, maps.shape[0] == 1
        else {
            throw InputError(
                file: file.path, format: file.format, place: "layer '\(layer)'",
                expected: "maps [1, channels, height, width] or numbers [1, channels]",
                found: values[value].map { "shape \($0.shape)" } ?? "nothing")
        }
        let planes = [maps.shape[1]] + (maps.rank == 4 ? Array(maps.shape[2...]) : [1, 1])
        return .init(
            layer: layer, shape: maps.shape, tiles: LayerTiles(maps.reshaped(planes), .sequence),
            colors: "grey", picture: picture, preprocess: recipe.rawValue)
    }
}

extension Preprocessing {
    /// Whether the first channel of its input is blue.
    fileprivate var isBlueFirst: Bool { self == .kerasCaffe || self == .caffe }
}
