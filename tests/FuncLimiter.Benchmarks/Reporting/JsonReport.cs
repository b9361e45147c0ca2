using System.Text.Json;

namespace FuncLimiter.Benchmarks.Reporting;

/// <summary>The same as the text, for programs.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static void Write(TextWriter output, Machine machine, IReadOnlyList<Section> sections) =>
        output.WriteLine(JsonSerializer.Serialize(new { machine, sections }, Options));
}
