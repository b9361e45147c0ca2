using System.Diagnostics;
using System.Text;

namespace FuncLimiter.Fuzzing.Tests;

/// <summary>A parser, what to begin from, and what must hold of whatever it reads.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Corpus">Real inputs.</param>
/// <param name="Run">Reads one; throws where something is wrong.</param>
internal sealed record FuzzTarget(string Name, IReadOnlyList<byte[]> Corpus, Action<byte[]> Run)
{
    /// <summary>Reads real inputs, then made ones, until enough were read or the time is over.</summary>
    /// <param name="seed">The same seed gives the same inputs.</param>
    /// <param name="most">The most inputs.</param>
    /// <param name="longest">The longest time.</param>
    public FuzzReport Fuzz(int seed, long most, TimeSpan longest)
    {
        var mutator = new Mutator(Corpus, seed);
        var clock = Stopwatch.StartNew();
        var (count, slowest, slowestInput) = (0L, TimeSpan.Zero, Array.Empty<byte>());
        var failures = new Dictionary<string, FuzzFailure>();
        while (count < most && clock.Elapsed < longest)
        {
            var input = count < Corpus.Count ? Corpus[(int)count] : mutator.Next();
            var began = clock.Elapsed;
            try
            {
                Run(input);
            }
            catch (Exception failure)
            {
                // One place that fails is one failure, however often it is met.
                failures.TryAdd(PlaceOf(failure), new FuzzFailure(Name, input, failure));
            }

            var took = clock.Elapsed - began;
            if (took > slowest)
            {
                (slowest, slowestInput) = (took, input);
            }

            count++;
        }

        return new FuzzReport(Name, count, clock.Elapsed, slowest, slowestInput, [.. failures.Values]);
    }

    private static string PlaceOf(Exception failure)
    {
        var frames = (failure.StackTrace ?? "").Split('\n').Where(line => line.Contains("FuncLimiter", StringComparison.Ordinal)).Take(2);
        return $"{failure.GetType().Name}: {string.Join('|', frames)}";
    }
}

/// <summary>An input that was not read as it must be.</summary>
internal sealed record FuzzFailure(string Target, byte[] Input, Exception Exception)
{
    /// <summary>What to know to mend it.</summary>
    public override string ToString() =>
        $"{Target}: {Exception}\ninput ({Input.Length} bytes, base64): {Convert.ToBase64String(Input)}\nas text: {Encoding.UTF8.GetString(Input)[..Math.Min(Encoding.UTF8.GetString(Input).Length, 2000)]}";
}

/// <summary>What a run over one parser came to.</summary>
internal sealed record FuzzReport(string Target, long Inputs, TimeSpan Took, TimeSpan Slowest, byte[] SlowestInput, IReadOnlyList<FuzzFailure> Failures);
