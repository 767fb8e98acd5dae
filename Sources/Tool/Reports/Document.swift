/// A whole page of HTML around `content`: no network, no script and no other file.
///
/// - Parameter version: Ferry's.
func document(_ title: HTML, version: String, _ content: HTML) -> String {
    let page: HTML = """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="generator" content="ferry \(version)">
        <link rel="icon" href="data:,">
        <title>\(title)</title>
        <style>
        \(HTML(source: pageStyle))</style>
        </head>
        <body>
        <main>
        \(content)</main>
        </body>
        </html>

        """
    return page.source
}

/// A part of a page with a heading, and under it a line in small type.
func section(_ title: HTML, _ lead: HTML = "", _ content: HTML) -> HTML {
    let lead: HTML = lead.source.isEmpty ? "" : "<p class=\"lead\">\(lead)</p>\n"
    return "<section>\n<h2>\(title)</h2>\n\(lead)\(content)</section>\n"
}
