using System.Text.Json;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>One entry of a route's lists, as written.</summary>
internal sealed record RouteEntry(string Path, string Text);

/// <summary>A route as written, its entries not looked up yet.</summary>
internal sealed record RouteDraft(string Path, string Model, IReadOnlyList<RouteEntry> Targets, IReadOnlyList<RouteEntry> Fallback)
{
    /// <summary>The smaller models' deployments.</summary>
    public IReadOnlyList<RouteEntry> Smaller { get; init; } = [];

    /// <summary>Which work may go to them.</summary>
    public IReadOnlyList<SimpleWork> Simple { get; init; } = [];
}

/// <summary>Reads the routes; <see cref="RouteResolver"/> looks up what they name.</summary>
internal sealed class RoutesReader(MistakeList mistakes)
{
    private readonly SimpleWorkReader _simple = new(mistakes);

    public List<RouteDraft> Read(ObjectReader root)
    {
        var routes = new List<RouteDraft>();
        var names = new UniqueNames(mistakes, "another route");
        foreach (var (path, element) in root.List("routes"))
        {
            if (ObjectReader.Open(element, path, Shapes.Route, mistakes) is not { } reader)
            {
                continue;
            }

            var model = reader.Text("model", required: true);
            if (model is not null && !AccountsReader.IsModel(model))
            {
                mistakes.Add(reader.At("model"), MistakeList.Quote(model), $"write {Shapes.Route["model"].Wanted}, without spaces at its ends");
                model = null;
            }

            names.Add(model, reader.At("model"));
            routes.Add(new RouteDraft(path, model ?? string.Empty, Entries(reader, "targets", required: true), Entries(reader, "fallback", required: false))
            {
                Smaller = Entries(reader, "smaller", required: false),
                Simple = _simple.Read(reader),
            });
        }

        return routes;
    }

    private List<RouteEntry> Entries(ObjectReader route, string name, bool required)
    {
        var entries = new List<RouteEntry>();
        foreach (var (path, element) in route.List(name, required))
        {
            if (element.ValueKind == JsonValueKind.String && element.GetString() is { Length: > 0 } text)
            {
                entries.Add(new RouteEntry(path, text));
            }
            else
            {
                mistakes.Add(path, MistakeList.Show(element), "write a deployment as \"account/model\"");
            }
        }

        return entries;
    }
}

/// <summary>Reads the rules by which a route tells simple work.</summary>
internal sealed class SimpleWorkReader(MistakeList mistakes)
{
    private const long MostTokens = 10_000_000;

    public List<SimpleWork> Read(ObjectReader route)
    {
        var rules = new List<SimpleWork>();
        foreach (var (path, element) in route.List("simple"))
        {
            if (ObjectReader.Open(element, path, Shapes.Simple, mistakes) is { } reader)
            {
                rules.Add(ReadRule(reader));
            }
        }

        if (route.Has("simple") && !route.Has("smaller"))
        {
            mistakes.Add(route.At("simple"), "rules for simple work without smaller models", "write \"smaller\": [\"account/model\"] beside them, or leave them out");
        }

        return rules;
    }

    private SimpleWork ReadRule(ObjectReader reader)
    {
        var (workflow, step) = (Pattern(reader, "workflow"), Pattern(reader, "step"));
        var most = reader.Whole("maxInputTokens", 1, MostTokens);
        var when = reader.Text("when") ?? "pressure";
        if (when is not ("pressure" or "always"))
        {
            mistakes.Add(reader.At("when"), MistakeList.Quote(when), $"write {Shapes.Simple["when"].Wanted}");
        }

        if (!reader.Has("workflow") && !reader.Has("step") && !reader.Has("maxInputTokens"))
        {
            mistakes.Add(reader.Path, "a rule that takes any call for simple work", "write workflow, step or maxInputTokens; \"step\": \"*\" is every call with a step");
        }

        return new SimpleWork(workflow, step, most, when == "always");
    }

    private string? Pattern(ObjectReader reader, string name)
    {
        var text = reader.Text(name);
        if (text?.IndexOf('*', StringComparison.Ordinal) is >= 0 and var star && star < text.Length - 1)
        {
            mistakes.Add(reader.At(name), MistakeList.Quote(text), "write * at the end only");
        }

        return text;
    }
}
