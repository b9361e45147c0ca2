namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Reads the bounds of the usage ledger.</summary>
internal static class UsageReader
{
    private const int MostHoursDays = 400;
    private const int MostDays = 3660;
    private const int FewestRows = 1_000;
    private const int MostRows = 100_000_000;

    public static UsageConfiguration Read(ObjectReader root, MistakeList mistakes)
    {
        var usual = new UsageConfiguration();
        if (root.Inner("usage", Shapes.Usage) is not { } reader)
        {
            return usual;
        }

        var usage = usual with
        {
            KeepHours = Days(reader.Whole("keepHoursDays", 1, MostHoursDays)) ?? usual.KeepHours,
            KeepDays = Days(reader.Whole("keepDays", 1, MostDays)) ?? usual.KeepDays,
            MaxRows = (int)(reader.Whole("maxRows", FewestRows, MostRows) ?? usual.MaxRows),
        };
        if (usage.KeepHours > usage.KeepDays)
        {
            mistakes.Add(
                reader.At(reader.Has("keepDays") ? "keepDays" : "keepHoursDays"),
                $"keepDays of {usage.KeepDays.Days}, below keepHoursDays of {usage.KeepHours.Days}",
                "write a keepDays of at least keepHoursDays");
        }

        return usage;
    }

    private static TimeSpan? Days(long? days) => days is { } value ? TimeSpan.FromDays(value) : null;
}
