using System.Text;
using FuncLimiter.Simulation.Fleets;

namespace FuncLimiter.Simulation.Tests.Fleets;

public class UsageScanTests
{
    [Theory]
    [InlineData("""{"choices":[{"message":{"content":"\"usage\":{"}}],"usage":{"prompt_tokens":12,"completion_tokens":4,"total_tokens":16,"prompt_tokens_details":{"cached_tokens":8}}}""", 16)]
    [InlineData("""{"usage":{"input_tokens":50,"cache_creation_input_tokens":1000,"cache_read_input_tokens":10000,"output_tokens":393}}""", 11443)]
    [InlineData("""{"usage":null}""", 0)]
    [InlineData("""{"id":"x"}""", 0)]
    [InlineData("data: {\"usage\":null}\n\ndata: {\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":6}}\n\ndata: [DONE]\n\n", 11)]
    [InlineData(
        "event: message_start\ndata: {\"message\":{\"usage\":{\"input_tokens\":472,\"output_tokens\":2}}}\n\n"
            + "event: message_delta\ndata: {\"usage\":{\"output_tokens\":30}}\n\n",
        502)]
    [InlineData("", 0)]
    public void Tokens_AreReadFromWholeAndStreamedAnswers(string body, long tokens) =>
        Assert.Equal(tokens, UsageScan.Tokens(Encoding.UTF8.GetBytes(body)));
}
