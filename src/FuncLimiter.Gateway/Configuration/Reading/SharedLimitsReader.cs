using System.Text.Json;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Reads limits that accounts share. Accounts and models are read first: how a limit is counted follows from who names it.</summary>
internal sealed class SharedLimitsReader(MistakeList mistakes)
{
    private readonly LimitsReader _limits = new(mistakes);
    private readonly List<Naming> _namings = [];

    /// <summary>Reads the ids of shared limits that an account or a model names.</summary>
    /// <param name="reader">The account or model.</param>
    /// <param name="provider">The account's provider; null where that could not be read.</param>
    /// <param name="own">The account's or model's own limits.</param>
    public IReadOnlyList<string> Named(ObjectReader reader, Shape shape, string? provider, LimitSet own)
    {
        const string name = "sharedLimits";
        var ids = new List<string>();
        foreach (var (path, element) in reader.List(name))
        {
            if (element.ValueKind != JsonValueKind.String || element.GetString() is not { Length: > 0 } id)
            {
                mistakes.Add(path, MistakeList.Show(element), $"write {shape[name].Wanted}");
            }
            else if (ids.Contains(id))
            {
                mistakes.Add(path, $"{MistakeList.Quote(id)} a second time", "leave it out");
            }
            else
            {
                ids.Add(id);
                _namings.Add(new(id, path, provider, reader.At("limits"), own));
            }
        }

        return ids;
    }

    /// <summary>Reads the shared limits, and compares them with those who name them.</summary>
    public List<SharedLimitConfiguration> Read(ObjectReader root)
    {
        var shared = new List<SharedLimitConfiguration>();
        var ids = new UniqueNames(mistakes, "another shared limit");
        foreach (var (path, element) in root.List("sharedLimits"))
        {
            if (ObjectReader.Open(element, path, Shapes.SharedLimit, mistakes) is { } reader && ReadOne(reader, ids) is { } one)
            {
                shared.Add(one);
            }
        }

        foreach (var naming in _namings.Where(naming => !shared.Exists(one => one.Id == naming.Id)))
        {
            mistakes.Add(
                naming.Path,
                $"{MistakeList.Quote(naming.Id)}: sharedLimits has no such id",
                NearestName.Of(naming.Id, shared.Select(one => one.Id)) is { } nearest ? $"write \"{nearest}\"" : "add it to sharedLimits, or leave it out");
        }

        return shared;
    }

    private SharedLimitConfiguration? ReadOne(ObjectReader reader, UniqueNames ids)
    {
        var id = reader.Text("id", required: true);
        if (id is not null && !AccountsReader.IsId(id))
        {
            mistakes.Add(reader.At("id"), MistakeList.Quote(id), $"write {Shapes.SharedLimit["id"].Wanted}");
        }
        else
        {
            ids.Add(id, reader.At("id"));
        }

        var namings = _namings.Where(naming => naming.Id == id).ToList();
        var set = _limits.Read(reader, "limits", CountingRule.OfProvider(namings.FirstOrDefault()?.Provider), required: true);
        if (id is null)
        {
            return null;
        }

        if (namings.Count == 0)
        {
            mistakes.Add(reader.At("id"), $"{MistakeList.Quote(id)}, which no account and no model names", "name it in their sharedLimits, or leave it out");
        }

        if (namings.Select(naming => naming.Provider).OfType<string>().Distinct().Take(2).ToList() is [var one, var other])
        {
            mistakes.Add(reader.At("id"), $"{MistakeList.Quote(id)}, which accounts of {one} and of {other} name", "write a shared limit for each provider");
        }

        foreach (var naming in namings)
        {
            _limits.CheckWithin(naming.LimitsPath, naming.Own, set, $"the shared limit {id}'s");
        }

        return new SharedLimitConfiguration(id, set.Limits);
    }

    private sealed record Naming(string Id, string Path, string? Provider, string LimitsPath, LimitSet Own);
}
