using FuncLimiter.Simulation.Providers.Requests;

namespace FuncLimiter.Simulation.Providers.Answers;

/// <summary>
/// Which beginnings of prompts a deployment has seen lately. OpenAI caches by itself from 1,024 tokens on, in steps of 128; Anthropic
/// reads and writes where <c>cache_control</c> says (prompt caching guides of both).
/// </summary>
internal sealed class PromptCache(TimeSpan lifetime)
{
    private const int MostEntries = 100_000;
    private const int LeastTokens = 1024;
    private const int StepTokens = 128;
    private const int FirstStep = (LeastTokens / StepTokens) - 1;
    private readonly Dictionary<ulong, double> _knownUntil = [];
    private readonly Queue<ulong> _oldestFirst = new();

    /// <summary>How many tokens of a request's prompt are read from the cache, and how many are written to it.</summary>
    public (long Read, long Written) Look(ReceivedRequest request, ProviderDialect dialect, double charactersPerToken, double now) =>
        request.Prefixes.Count == 0 ? (0, 0)
        : dialect == ProviderDialect.Anthropic ? LookAtBreakpoints(request.Prefixes, charactersPerToken, now)
        : (LookAtSteps(request.Prefixes, now), 0);

    /// <summary>Remembers a prompt for the requests after it.</summary>
    public void Keep(ReceivedRequest request, ProviderDialect dialect, double now)
    {
        for (var i = 0; i < request.Prefixes.Count; i++)
        {
            if (dialect == ProviderDialect.Anthropic ? request.Prefixes[i].Breakpoint : i >= FirstStep)
            {
                Remember(request.Prefixes[i].Hash, now);
            }
        }
    }

    private long LookAtSteps(IReadOnlyList<PrefixMark> steps, double now)
    {
        for (var i = steps.Count - 1; i >= FirstStep; i--)
        {
            if (Knows(steps[i].Hash, now))
            {
                return (i + 1L) * StepTokens;
            }
        }

        return 0;
    }

    private (long Read, long Written) LookAtBreakpoints(IReadOnlyList<PrefixMark> marks, double charactersPerToken, double now)
    {
        long read = 0;
        long end = 0;
        for (var i = marks.Count - 1; i >= 0 && read == 0; i--)
        {
            var tokens = (long)Math.Ceiling(marks[i].Characters / charactersPerToken);
            end = end == 0 && marks[i].Breakpoint && tokens >= LeastTokens ? tokens : end;
            read = end > 0 && tokens >= LeastTokens && Knows(marks[i].Hash, now) ? tokens : 0;
        }

        return (read, end - read);
    }

    private bool Knows(ulong hash, double now) => _knownUntil.TryGetValue(hash, out var until) && now < until;

    private void Remember(ulong hash, double now)
    {
        if (!_knownUntil.ContainsKey(hash))
        {
            _oldestFirst.Enqueue(hash);
        }

        _knownUntil[hash] = now + lifetime.TotalSeconds;
        if (_oldestFirst.Count > MostEntries)
        {
            _knownUntil.Remove(_oldestFirst.Dequeue());
        }
    }
}
