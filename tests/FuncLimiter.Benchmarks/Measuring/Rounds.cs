using FuncLimiter.Benchmarks.Reporting;

namespace FuncLimiter.Benchmarks.Measuring;

/// <summary>
/// Measures contenders in turn, A B C then C B A, so that whatever else the machine does meets all of them alike and
/// nobody always follows the same neighbour.
/// </summary>
internal static class Rounds
{
    /// <summary>Warms everyone up, measures everyone in every round, and hands back a row for each.</summary>
    public static async Task<IReadOnlyList<Row>> Run(IReadOnlyList<Contender> contenders, Effort effort, TextWriter progress)
    {
        foreach (var contender in contenders)
        {
            await progress.WriteLineAsync($"warm-up: {contender.Name}");
            await contender.Measure(effort.WarmUp);
        }

        var samples = contenders.Select(_ => new List<IReadOnlyList<Sample>>(effort.Rounds)).ToArray();
        for (var round = 0; round < effort.Rounds; round++)
        {
            await progress.WriteLineAsync($"round {round + 1} of {effort.Rounds}");
            for (var turn = 0; turn < contenders.Count; turn++)
            {
                var index = round % 2 == 0 ? turn : contenders.Count - 1 - turn;
                samples[index].Add(await contenders[index].Measure(effort.RoundTime));
            }
        }

        return [.. contenders.Zip(samples, ToRow)];
    }

    private static Row ToRow(Contender contender, List<IReadOnlyList<Sample>> rounds) => new(
        contender.Name,
        [.. rounds.SelectMany(round => round).GroupBy(sample => sample.Name).Select(
            quantity => new Figure(quantity.Key, [.. quantity.Select(sample => sample.Value)]))],
        contender.Note);
}
