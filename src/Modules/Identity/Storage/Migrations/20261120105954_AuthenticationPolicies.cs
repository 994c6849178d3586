using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Identity.Storage.Migrations
{
    /// <inheritdoc />
    public partial class AuthenticationPolicies : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "Country",
                schema: "identity",
                table: "sign_ins",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Decision",
                schema: "identity",
                table: "sign_ins",
                type: "jsonb",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Reason",
                schema: "identity",
                table: "sign_ins",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "AskedAgainAt",
                schema: "identity",
                table: "interactions",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "AskedAgainBecause",
                schema: "identity",
                table: "interactions",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string[]>(
                name: "ChosenAccounts",
                schema: "identity",
                table: "interactions",
                type: "text[]",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "known_devices",
                schema: "identity",
                columns: table => new
                {
                    UserId = table.Column<Guid>(type: "uuid", nullable: false),
                    Hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    FirstSeenAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    LastSeenAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_known_devices", x => new { x.UserId, x.Hash });
                });

            migrationBuilder.CreateTable(
                name: "policy_waits",
                schema: "identity",
                columns: table => new
                {
                    Key = table.Column<byte[]>(type: "bytea", nullable: false),
                    Since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ForgottenAt = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_policy_waits", x => x.Key);
                });

            migrationBuilder.CreateTable(
                name: "threat_changes",
                schema: "identity",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    At = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    From = table.Column<string>(type: "text", nullable: false),
                    To = table.Column<string>(type: "text", nullable: false),
                    By = table.Column<string>(type: "text", nullable: false),
                    Why = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_threat_changes", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "threat_level",
                schema: "identity",
                columns: table => new
                {
                    Id = table.Column<int>(type: "integer", nullable: false),
                    Level = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_threat_level", x => x.Id);
                    table.CheckConstraint("one_row", "\"Id\" = 1");
                });

            migrationBuilder.InsertData(
                schema: "identity",
                table: "threat_level",
                columns: new[] { "Id", "Level" },
                values: new object[] { 1, "Normal" });

            migrationBuilder.CreateIndex(
                name: "IX_sign_ins_At",
                schema: "identity",
                table: "sign_ins",
                column: "At");

            migrationBuilder.CreateIndex(
                name: "IX_known_devices_LastSeenAt",
                schema: "identity",
                table: "known_devices",
                column: "LastSeenAt");

            migrationBuilder.CreateIndex(
                name: "IX_policy_waits_ForgottenAt",
                schema: "identity",
                table: "policy_waits",
                column: "ForgottenAt");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "known_devices",
                schema: "identity");

            migrationBuilder.DropTable(
                name: "policy_waits",
                schema: "identity");

            migrationBuilder.DropTable(
                name: "threat_changes",
                schema: "identity");

            migrationBuilder.DropTable(
                name: "threat_level",
                schema: "identity");

            migrationBuilder.DropIndex(
                name: "IX_sign_ins_At",
                schema: "identity",
                table: "sign_ins");

            migrationBuilder.DropColumn(
                name: "Country",
                schema: "identity",
                table: "sign_ins");

            migrationBuilder.DropColumn(
                name: "Decision",
                schema: "identity",
                table: "sign_ins");

            migrationBuilder.DropColumn(
                name: "Reason",
                schema: "identity",
                table: "sign_ins");

            migrationBuilder.DropColumn(
                name: "AskedAgainAt",
                schema: "identity",
                table: "interactions");

            migrationBuilder.DropColumn(
                name: "AskedAgainBecause",
                schema: "identity",
                table: "interactions");

            migrationBuilder.DropColumn(
                name: "ChosenAccounts",
                schema: "identity",
                table: "interactions");
        }
    }
}
