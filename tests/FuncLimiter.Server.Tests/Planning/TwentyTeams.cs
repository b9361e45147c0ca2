using System.Globalization;
using System.Text;
using FuncLimiter.WhatIf.Planning;
using FuncLimiter.WhatIf.Virtual;

namespace FuncLimiter.Server.Tests.Planning;

/// <summary>A file of twenty teams that ask for more than there is in office hours, and catch up in the evening.</summary>
internal static class TwentyTeams
{
    private const string Limits = """
        { "accounts": [
            { "id": "east", "provider": "openai", "apiKey": "${KEY}", "models": [{ "model": "m", "limits": { "tpm": 430000 }, "price": { "input": 1, "output": 4 } }] },
            { "id": "west", "provider": "openai", "apiKey": "${KEY}", "models": [{ "model": "m", "limits": { "tpm": 430000 }, "price": { "input": 1, "output": 4 } }] },
            { "id": "other", "provider": "anthropic", "apiKey": "${KEY}", "models": [{ "model": "c", "limits": { "itpm": 164000, "otpm": 80000 }, "price": { "input": 3, "output": 15 } }] }],
          "routes": [{ "model": "m", "targets": ["east/m", "west/m"] }, { "model": "c", "targets": ["other/c"] }],
          "queue": { "maxWaitSeconds": { "interactive": 60, "standard": 43200, "background": 86400 }, "maxWaiting": 1000000 } }
        """;

    public static string Json
    {
        get
        {
            var teams = Enumerable.Range(1, 20).Select(team => string.Create(CultureInfo.InvariantCulture, $$"""
                { "id": "team-{{team}}", "weight": {{1 + (team % 3)}}, "work": [
                  { "name": "calls", "route": "{{(team % 4 == 0 ? "c" : "m")}}", "priority": "{{(team % 5 == 0 ? "interactive" : "standard")}}",
                    "callsPerDay": {{(team % 5 == 0 ? 16000 : 32000 + (1600 * team))}}, "profile": "office",
                    "inputTokens": {{500 + (20 * team)}}, "outputTokens": {{150 + (5 * team)}}, "maxOutputTokens": {{800 + (40 * team)}}, "spread": 0.1 }] }
                """));
            return $$"""{ "configuration": {{Limits}}, "teams": [{{string.Join(",", teams)}}] }""";
        }
    }

    public static Volumes Volumes => VolumesReader.Read(Encoding.UTF8.GetBytes(Json), null, out var mistakes)
        ?? throw new InvalidOperationException(string.Join(Environment.NewLine, mistakes));
}

internal static class PlayedVolumes
{
    /// <summary>A day of the same work, to be simulated: whoever bears longer waits than the queue's comes back when told to, as jobs do.</summary>
    public static VirtualFleet ToFleet(this Volumes volumes) => new()
    {
        Latency = volumes.Latency,
        Groups = [.. volumes.Work.Select(work => work with { BatchShare = 0, Returns = int.MaxValue, ReturnWithin = volumes.PatienceOf(work) })],
    };
}
