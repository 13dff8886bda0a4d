// SPDX-License-Identifier: Apache-2.0

// The part of Go's text/template that the users of docker, podman and skopeo write after --format.
// In: a template's text, and values: objects whose fields are known, maps, lists, numbers, texts. Out: text, or an error
// that shows the action and says what is wrong with it.
// `Template` is the front: it is parsed once and filled in for each value, or for the rows of a list under headings.
// `TemplateValue` is what it is filled in with, `TemplateLimit` bounds what it may cost.
// Inside: `TemplateLexer` makes pieces of text, `TemplateParser` nodes of pieces, `TemplateRun` text of nodes and values;
// `TemplateFunction` are the functions, `TemplatePrinting` and `TemplateJSON` are how values look.
// Not here: what an image or a container is, where values come from, where text goes to, any input or output.
