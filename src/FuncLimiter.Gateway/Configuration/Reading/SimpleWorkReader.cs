namespace FuncLimiter.Gateway.Configuration.Reading;

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
